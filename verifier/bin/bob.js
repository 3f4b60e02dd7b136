#!/usr/bin/env node
import '../dist/node/bob.js'
