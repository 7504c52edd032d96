import { defineVerb, PROJECT_OPTION } from '../verb.ts'
import { runBuild } from './build.ts'

export const bundle = defineVerb({
  name: 'bundle',
  summary: 'Compile logic into dist/<project>/bundle, its manifest and santokit-bundle.tgz',
  options: {
    ...PROJECT_OPTION,
    flat: { type: 'boolean', summary: 'Write a single project straight into the output folder' },
    profile: { type: 'boolean', summary: 'Show how long each plugin took' },
  },
  examples: [['stk bundle --project shop --flat', 'dist/manifest.json and dist/santokit-bundle.tgz']],
  run: (call) => runBuild('bundle', call, { targets: [] }),
})
