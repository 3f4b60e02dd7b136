#!/usr/bin/env node
import '../dist/node/bob/bob.js'
