#!/usr/bin/env node
import '../dist/node/tee-agent.js'
