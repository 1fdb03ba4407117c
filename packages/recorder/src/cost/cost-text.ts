import { type CostName, type Costs, exactly } from './costs.ts'

/** A cost as people read it: `17`, `≥ 17` where the run shows a part of it, `?` where it does not show it. */
export function costText(costs: Costs, name: CostName): string {
  const { [name]: counted } = costs
  if (exactly(costs, name) !== null) return `${counted}`
  return counted === null || counted === 0 ? '?' : `≥ ${counted}`
}

/** Whether a row for it says something: it is not 0, as far as is known. */
export const hasCost = (costs: Costs, name: CostName): boolean => (costs[name] ?? 0) !== 0
