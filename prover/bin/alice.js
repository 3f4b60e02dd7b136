#!/usr/bin/env node
import '../dist/node/alice.js'
