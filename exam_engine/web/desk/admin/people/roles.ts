/** Who may keep whom, and where somebody of a role works; the server decides (edge/staff.py, edge/organisations.py). */

export const KINDS = ['institution', 'agency', 'province', 'nation'] as const
export type Kind = (typeof KINDS)[number]

/** In which kinds of organisation somebody of a role works. */
export const PLACES: Readonly<Record<string, readonly Kind[]>> = {
  institution: ['institution'],
  agency: ['agency'],
  invigilator: ['agency', 'province'],
  chief: ['agency', 'province'],
  province: ['province'],
  author: ['nation'],
  auditor: ['province', 'nation'],
  nation: ['nation'],
}

const OF_PROVINCE = ['institution', 'agency', 'invigilator', 'chief']

/** The roles somebody of a role adds and changes. */
export function rolesKeptBy(role: string): string[] {
  if (role === 'nation') return Object.keys(PLACES)
  return role === 'province' ? OF_PROVINCE : []
}

/** The kinds of organisation somebody of a role adds and changes. */
export function kindsKeptBy(role: string): Kind[] {
  if (role === 'nation') return ['institution', 'agency', 'province']
  return role === 'province' ? ['institution', 'agency'] : []
}

const LOGIN = /^[a-z][a-z0-9._-]{2,59}$/
const ID_NUMBER = /^([0-9A-Z]{6,18})?$/

export interface StaffDraft {
  name: string
  login: string
  role: string
  organisation_id: number | null
  id_number: string
}

export type StaffFault = 'name' | 'login' | 'organisation_id' | 'id_number'

export function staffFaults(draft: StaffDraft): StaffFault[] {
  const wrong: Record<StaffFault, boolean> = {
    name: draft.name.trim() === '',
    login: !LOGIN.test(draft.login.trim().toLowerCase()),
    organisation_id: draft.organisation_id === null,
    id_number: !ID_NUMBER.test(draft.id_number.trim().toUpperCase()),
  }
  return (Object.keys(wrong) as StaffFault[]).filter((name) => wrong[name])
}

/** A GB/T 2260 code within the province, or none. 66 lies within other areas' codes. */
export function areaFits(area: string, province: string): boolean {
  const code = area.trim()
  if (code === '') return true
  return /^[0-9]{6}$/.test(code) && (province === '' || province === '66' || code.startsWith(province))
}
