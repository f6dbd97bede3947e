import { describe, expect, it } from 'vitest'
import type { Organisation, Page } from '../shapes'
import { areaFits, kindsKeptBy, rolesKeptBy, staffFaults } from './roles'
import { findUnassigned } from './unassigned'

const row = (organisation_id: number, part: Partial<Organisation> = {}): Organisation => ({
  organisation_id,
  kind: 'institution',
  name: '',
  province: '11',
  area: '',
  disabled: false,
  agency_id: null,
  agency: '',
  physicians: 0,
  staff: 0,
  ...part,
})

it('a province keeps the people of its institutions, the nation everybody, others nobody', () => {
  expect(rolesKeptBy('province')).toEqual(['institution', 'agency', 'invigilator', 'chief'])
  expect(rolesKeptBy('nation')).toContain('auditor')
  expect([rolesKeptBy('agency'), kindsKeptBy('agency')]).toEqual([[], []])
  expect(kindsKeptBy('province')).toEqual(['institution', 'agency'])
})

it('what is wrong about somebody new is said at its field', () => {
  const good = { name: '测试甲', login: 'Ce.Shi', role: 'agency', organisation_id: 3, id_number: '' }
  expect(staffFaults(good)).toEqual([])
  expect(staffFaults({ ...good, name: ' ', login: '13800000000', organisation_id: null, id_number: '1-2' })).toEqual([
    'name',
    'login',
    'organisation_id',
    'id_number',
  ])
})

it('an area lies in its province, or is left empty', () => {
  expect([areaFits('', '11'), areaFits('110105', '11'), areaFits('650100', '66')]).toEqual([true, true, true])
  expect([areaFits('120105', '11'), areaFits('1101', '11'), areaFits('11010a', '11')]).toEqual([false, false, false])
})

describe('institutions without an agency', () => {
  it('are found on every page; agencies, closed ones and those with one are not among them', async () => {
    const pages: Record<string, Page<Organisation>> = {
      first: { rows: [row(9), row(8, { agency_id: 4 }), row(7, { disabled: true })], next: 7 },
      '7': { rows: [row(6, { kind: 'agency' }), row(5)], next: null },
    }
    const found = await findUnassigned((before) =>
      Promise.resolve(pages[before ?? 'first'] ?? { rows: [], next: null }),
    )
    expect(found.rows.map((one) => one.organisation_id)).toEqual([9, 5])
    expect(found.more).toBe(false)
  })

  it('are looked for until it is enough', async () => {
    let asked = 0
    const found = await findUnassigned(() => Promise.resolve({ rows: [row(++asked)], next: asked }))
    expect([asked, found.rows.length, found.more]).toEqual([100, 100, true])
  })
})
