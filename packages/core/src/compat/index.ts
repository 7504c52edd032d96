export { compareManifests, countImpacts, type ChangedLogic, type ManifestChanges } from './compare-manifests.ts'
export { RULES, SEVERITIES, type Impact, type RuleId, type Severity } from './rules.ts'
