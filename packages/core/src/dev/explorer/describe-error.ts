import { codeFrame, type StkError } from '../../diagnostics/index.ts'

/** An error as the explorer's page shows it. Plain data. */
export interface DescribedError {
  readonly code: string
  readonly title: string
  readonly why: string
  readonly fix: readonly string[]
  /** `projects/shop/logic/orders/list.sql:7:3` */
  readonly place?: string
  /** The lines around the place. */
  readonly frame?: string
  /** Which plugin raised it, and where. */
  readonly from?: string
}

/** An error and its companions, the first first. */
export function describeErrors(error: StkError): readonly DescribedError[] {
  const { why, fix = [], where, configPath, attribution, others = [] } = error.details
  const frame = where === undefined ? undefined : codeFrame(where)
  const place = where === undefined ? configPath : [where.file, where.line, where.column].filter((part) => part !== undefined).join(':')
  return [{
    code: error.code, title: error.title, why, fix: [fix].flat(),
    ...(place === undefined ? {} : { place }),
    ...(frame === undefined ? {} : { frame }),
    ...(attribution === undefined ? {} : { from: `plugin ${attribution.plugin}, ${attribution.hook}` }),
  }, ...others.flatMap(describeErrors)]
}
