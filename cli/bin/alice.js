#!/usr/bin/env node
import '../dist/node/alice/alice.js'
