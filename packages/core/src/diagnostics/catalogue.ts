/**
 * Every error code with its title and exit code. The page of a code is `docs/errors/<code>.md`; a test holds the two
 * together.
 *
 * 1xxx config and plugins · 2xxx logic and bundle · 3xxx secrets · 4xxx targets and releases · 5xxx development ·
 * 6xxx schema · 9xxx the unexpected
 */
export const CATALOGUE = {
  STK1001: { title: 'No config file', exit: 2 },
  STK1002: { title: 'The config file cannot be loaded', exit: 2 },
  STK1003: { title: 'The config is not valid', exit: 2 },
  STK1004: { title: 'Unknown project', exit: 2 },
  STK1005: { title: 'Unknown environment', exit: 2 },
  STK1006: { title: 'Unknown target', exit: 2 },
  STK1007: { title: 'Unknown target type', exit: 2 },
  STK1008: { title: 'Two plugins have one name', exit: 2 },
  STK1009: { title: 'Plugin hooks depend on each other in a circle', exit: 2 },
  STK1010: { title: 'A plugin failed', exit: 1 },
  STK1011: { title: 'A layer that `extends` names cannot be loaded', exit: 2 },
  STK1012: { title: 'A YAML config file cannot be read', exit: 2 },
  STK1013: { title: 'A project has no folder', exit: 2 },
  STK1014: { title: 'Not a plugin', exit: 2 },
  STK1015: { title: 'Two plugins offer the same thing', exit: 2 },
  STK1020: { title: 'Wrong usage', exit: 2 },
  STK1021: { title: 'Confirmation is needed', exit: 2 },

  STK2001: { title: 'Bad front matter', exit: 2 },
  STK2002: { title: 'Undeclared parameter', exit: 2 },
  STK2003: { title: 'Unused parameter', exit: 2 },
  STK2004: { title: 'Unknown database alias', exit: 2 },
  STK2005: { title: 'Two files for one logic path', exit: 2 },
  STK2006: { title: 'Logic does not compile', exit: 2 },
  STK2007: { title: 'Logic throws while it is loaded', exit: 2 },
  STK2008: { title: 'Not a logic', exit: 2 },
  STK2009: { title: 'Bad logic path', exit: 2 },
  STK2010: { title: 'SQL cannot be read', exit: 2 },
  STK2011: { title: 'Bad parameter declaration', exit: 2 },
  STK2012: { title: 'Cache is for public logic that reads', exit: 2 },
  STK2013: { title: 'A permission names no logic', exit: 2 },
  STK2020: { title: 'The output folder cannot be written', exit: 2 },
  STK2021: { title: 'Another build is writing here', exit: 1 },
  STK2022: { title: 'The bundle would hold a secret', exit: 2 },
  STK2023: { title: 'Two builds of the same sources differ', exit: 1 },

  STK3001: { title: 'A secret cannot be resolved', exit: 1 },
  STK3002: { title: 'Bad secret reference', exit: 2 },
  STK3003: { title: 'Unknown secret scheme', exit: 2 },
  STK3004: { title: 'A secret is not set on the platform', exit: 1 },

  STK4001: { title: 'The platform cannot be reached', exit: 1 },
  STK4002: { title: 'The platform refuses the credentials', exit: 1 },
  STK4003: { title: 'The release has moved', exit: 1 },
  STK4004: { title: 'Nothing to roll back to', exit: 1 },
  STK4005: { title: 'What was stored is not what was sent', exit: 1 },
  STK4006: { title: 'The release is not healthy', exit: 1 },
  STK4007: { title: 'The target cannot do that', exit: 2 },
  STK4008: { title: 'The platform answered unexpectedly', exit: 1 },
  STK4009: { title: 'No such release', exit: 2 },

  STK4101: { title: 'The registry refuses the credentials', exit: 1 },
  STK4102: { title: 'The registry denies access', exit: 1 },
  STK4103: { title: 'The tag names another image', exit: 1 },
  STK4104: { title: 'Content does not match its digest', exit: 1 },
  STK4105: { title: 'The registry refuses an upload', exit: 1 },
  STK4106: { title: 'Not an image reference', exit: 2 },
  STK4107: { title: 'A credential helper failed', exit: 1 },
  STK4108: { title: 'The registry points to an unsafe address', exit: 1 },
  STK4109: { title: 'No such image in the registry', exit: 2 },

  STK5001: { title: 'An embedded database is not available', exit: 1 },
  STK5002: { title: 'The Bridge did not start', exit: 1 },
  STK5003: { title: 'A schema or seed file failed', exit: 1 },

  STK6001: { title: 'No schema engine', exit: 2 },
  STK6002: { title: 'The schema engine cannot be used', exit: 1 },
  STK6003: { title: 'A schema file cannot be used', exit: 2 },
  STK6004: { title: 'The database cannot be reached', exit: 1 },
  STK6005: { title: 'Not a schema plan', exit: 2 },
  STK6006: { title: 'The schema plan is stale', exit: 1 },
  STK6007: { title: 'The schema plan is not what would be done', exit: 1 },
  STK6008: { title: 'Something would be lost', exit: 1 },
  STK6009: { title: 'Nobody can tell what a statement does', exit: 1 },
  STK6010: { title: 'Another schema change is running', exit: 1 },
  STK6011: { title: 'A schema statement failed', exit: 1 },
  STK6012: { title: 'The schema is not what it should be afterwards', exit: 1 },
  STK6013: { title: 'The schema is not up to date', exit: 1 },
  STK6014: { title: 'No schema to work on', exit: 2 },

  STK9001: { title: 'Unexpected failure', exit: 1 },
  STK9002: { title: 'Interrupted', exit: 1 },
} as const satisfies Record<string, { readonly title: string; readonly exit: 1 | 2 }>

export type ErrorCode = keyof typeof CATALOGUE
