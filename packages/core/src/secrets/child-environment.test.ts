import { expect, test } from 'vitest'
import { childEnvironment } from './child-environment.ts'

test('passes on what programs need to run, and nothing that opens a door', () => {
  const needed = { PATH: '/bin', HOME: '/home/a', LANG: 'C', LC_ALL: 'C', TZ: 'UTC', TERM: 'xterm', XDG_RUNTIME_DIR: '/run', SystemRoot: 'C:\\Windows' }
  const doors = {
    DATABASE_URL: 'canary', OP_SERVICE_ACCOUNT_TOKEN: 'canary', OP_SESSION_x: 'canary', GITHUB_TOKEN: 'canary', AWS_SECRET_ACCESS_KEY: 'canary', NPM_TOKEN: 'canary',
    HTTPS_PROXY: 'http://user:canary@proxy', NODE_OPTIONS: '--require canary', PATHS: 'canary', LC_all: 'canary', KUBECONFIG: 'canary', SSH_AUTH_SOCK: 'canary', GIT_ASKPASS: 'canary',
  }
  expect(childEnvironment({ ...needed, ...doors, EMPTY: undefined })).toEqual(needed)
  expect(childEnvironment({ ...needed, ...doors }, ['KUBECONFIG', 'NOT_THERE'])).toEqual({ ...needed, KUBECONFIG: 'canary' })
})
