/** The facts of a line of the audit log, made readable without choosing among them: nothing is left out. */

export interface Fact {
  /** Where it stands, with points between the levels: `to.name`. */
  name: string
  value: string
}

export interface Comparison {
  name: string
  from: string
  to: string
}

export interface Told {
  changes: Comparison[]
  facts: Fact[]
}

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value)

/** `from` and `to` side by side, the rest as it is. */
export function tell(facts: Tree): Told {
  const { from, to, ...others } = facts
  if (from === undefined && to === undefined) return { changes: [], facts: flat(others) }
  if (!isTree(from) || !isTree(to)) {
    return { changes: [{ name: '', from: said(from), to: said(to) }], facts: flat(others) }
  }
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  const changes = names.map((name) => ({ name, from: said(from[name]), to: said(to[name]) }))
  return { changes, facts: flat(others) }
}

function flat(tree: Tree, before = ''): Fact[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0
      ? flat(value, `${before}${name}.`)
      : [{ name: `${before}${name}`, value: said(value) }],
  )
}

function said(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
