#!/usr/bin/env node
import { runBridge } from '../dist/node.mjs'

await runBridge()
