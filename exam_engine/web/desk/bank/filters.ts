/** What the list of items is narrowed to, as it stands in the address and as the server is asked. */

export const STATUSES = ['draft', 'review', 'active', 'suspended', 'retired'] as const
export const TYPES = ['A1', 'A2', 'A3', 'A4', 'B1', 'X'] as const
export const DIFFICULTIES = ['1', '2', '3'] as const
export const CATEGORIES = ['clinical', 'dental', 'public_health', 'tcm'] as const
export const LEVELS = ['physician', 'assistant'] as const
export const FLAGS = ['review', 'mine', 'returned', 'open', 'unused', 'pictures', 'alarms'] as const

const NAMES = [
  'pool',
  'q',
  'status',
  'topic',
  'type',
  'difficulty',
  'category',
  'specialty',
  'level',
  'author',
  'flag',
] as const
export type FilterName = (typeof NAMES)[number]
export type BankFilter = Record<FilterName, string>
/** As the server is asked. */
export type BankQuery = Partial<Record<Exclude<FilterName, 'difficulty'> | 'after', string>> & {
  difficulty?: (typeof DIFFICULTIES)[number]
}

const TEXT_MAX: Partial<Record<FilterName, number>> = { q: 60, topic: 200, type: 4, status: 20, category: 20, level: 20, flag: 40 }
const LENGTH_MAX = 80

function text(value: unknown, name: FilterName): string {
  return typeof value === 'string' ? value.trim().slice(0, TEXT_MAX[name] ?? LENGTH_MAX) : ''
}

/** The filter in an address; anything else there counts as not given. */
export function filterFrom(query: Record<string, unknown>): BankFilter {
  const filter = Object.fromEntries(NAMES.map((name) => [name, text(query[name], name)])) as BankFilter
  const known = DIFFICULTIES.find((one) => one === filter.difficulty)
  return { ...filter, difficulty: known ?? '' }
}

/** As it stands in the address, and as the server is asked: only what is set. */
export function queryOf(filter: BankFilter): Record<string, string> {
  return Object.fromEntries(NAMES.filter((name) => filter[name] !== '').map((name) => [name, filter[name]]))
}

export function askedOf(filter: BankFilter, after: string | null = null): BankQuery {
  return { ...queryOf(filter), ...(after === null ? {} : { after }) } as BankQuery
}

/** One value changed; another pool has other topics, specialties and authors. */
export function chosen(filter: BankFilter, part: Partial<BankFilter>): BankFilter {
  const moved = part.pool !== undefined && part.pool !== filter.pool
  return { ...filter, ...(moved ? { topic: '', specialty: '', author: '' } : {}), ...part }
}

/** How many filters beside the pool are set. */
export function narrowedBy(filter: BankFilter): number {
  return NAMES.filter((name) => name !== 'pool' && filter[name] !== '').length
}

export function cleared(filter: BankFilter): BankFilter {
  return filterFrom({ pool: filter.pool })
}
