import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const doctor = defineVerb({
  name: 'doctor',
  summary: 'Look at tools, versions, credentials and what has to be reached, each with a fix; change nothing',
  options: { ...PROJECT_OPTION },
  examples: [
    ['stk doctor', 'everything; exit 1 if something is wrong'],
    ['stk doctor --env staging --project shop', 'one project, with what staging needs'],
  ],
  run: async (call) => (await import('../doctor/run-doctor.ts')).runDoctor(call),
})
