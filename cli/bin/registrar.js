#!/usr/bin/env node
import '../dist/node/registrar/registrar.js'
