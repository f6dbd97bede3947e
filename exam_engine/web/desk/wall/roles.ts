/** Who may do what on the wall; the server decides, this spares people buttons that would be refused. */

const SEES_FACES: ReadonlySet<string> = new Set(['invigilator', 'chief', 'agency'])
const ACTS: ReadonlySet<string> = new Set(['invigilator', 'chief', 'province'])

/** Pictures, a candidate's evidence, looking and reviewing: only those assigned to the attempt (domain.md §7.5). */
export function maySeeFaces(role: string): boolean {
  return SEES_FACES.has(role)
}

export function mayFlag(role: string): boolean {
  return ACTS.has(role)
}

export function mayOpenCase(role: string): boolean {
  return ACTS.has(role)
}

export function mayDivide(role: string): boolean {
  return role === 'chief'
}

export function mayHandOver(role: string): boolean {
  return role === 'invigilator' || role === 'chief'
}
