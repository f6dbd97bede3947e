import { describe, expect, it } from 'vitest'
import type { Organisation } from '../shapes'
import { areaFits, kindsKeptBy, rolesKeptBy, staffFaults } from './roles'
import { lacksAgency, recounted } from './unassigned'

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
  it('are open institutions only', () => {
    expect(lacksAgency(row(1))).toBe(true)
    for (const part of [{ agency_id: 4 }, { disabled: true }, { kind: 'agency' }]) {
      expect(lacksAgency(row(1, part))).toBe(false)
    }
  })

  it('are counted on when one is added, assigned, closed or opened again', () => {
    expect(recounted(3, null, row(9))).toBe(4)
    expect(recounted(3, null, row(9, { kind: 'agency' }))).toBe(3)
    expect(recounted(3, row(9), row(9, { agency_id: 4 }))).toBe(2)
    expect(recounted(3, row(9, { agency_id: 4 }), row(9, { agency_id: 5 }))).toBe(3)
    expect(recounted(3, row(9), row(9, { disabled: true }))).toBe(2)
    expect(recounted(2, row(9, { disabled: true }), row(9))).toBe(3)
    expect(recounted(0, row(9), row(9, { disabled: true }))).toBe(0)
  })
})
