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

const NONE = '—'

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value)

/** `from` and `to` side by side where they differ, the rest as it is. */
export function tell(facts: Tree): Told {
  const { from, to, ...others } = facts
  if (from === undefined && to === undefined) return { changes: [], facts: flat(others) }
  if (!isTree(from) || !isTree(to)) {
    return { changes: [{ name: '', from: said(from), to: said(to) }], facts: flat(others) }
  }
  const [before, after] = [values(from), values(to)]
  const names = [...new Set([...before.keys(), ...after.keys()])]
  const changes = names.map((name) => ({ name, from: before.get(name) ?? NONE, to: after.get(name) ?? NONE }))
  return { changes: changes.filter((one) => one.from !== one.to), facts: flat(others) }
}

function values(tree: Tree): Map<string, string> {
  return new Map(flat(tree).map((one) => [one.name, one.value]))
}

function flat(tree: Tree, before = ''): Fact[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0
      ? flat(value, `${before}${name}.`)
      : [{ name: `${before}${name}`, value: said(value) }],
  )
}

function said(value: unknown): string {
  if (value === null || value === undefined || value === '') return NONE
  return typeof value === 'string' ? value : JSON.stringify(value)
}
