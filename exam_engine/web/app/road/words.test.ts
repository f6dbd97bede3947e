import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import road from '@words/zh-CN/road.json'
import { PROVINCES, TITLES } from './provinces'
import { ID_TYPES } from './id-number'
import reg from '@words/zh-CN/reg.json'
import { TERMS_POINTS } from './terms'

type Tree = { [key: string]: string | Tree }

const app = new URL('../', import.meta.url)
const code = readdirSync(app, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => readFileSync(new URL(path, app), 'utf8'))
  .join('\n')

const at = (key: string): string | Tree | undefined =>
  key.split('.').reduce<string | Tree | undefined>((tree, name) => (typeof tree === 'object' ? tree[name] : undefined), {
    road: road as Tree,
    reg: reg as Tree,
  })

describe('the words of the road', () => {
  it('are there for every sentence asked for by its whole name', () => {
    const asked = [...code.matchAll(/'(road\.[A-Za-z0-9_.]+)'/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(80)
    expect(asked.filter((key) => typeof at(key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = [...code.matchAll(/`(road\.[A-Za-z0-9_.]+)\.\$\{/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(15)
    expect(asked.filter((key) => typeof at(key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server that a page shows', () => {
    const lists: [string, readonly string[]][] = [
      ['reg.option.province', PROVINCES],
      ['reg.option.title', TITLES],
      ['reg.option.id_type', ID_TYPES],
      ['road.terms', TERMS_POINTS.flatMap((point) => [point, `${point}Text`])],
      ['road.step', ['registration', 'procedure', 'evaluation', 'exemption', 'exam', 'result']],
      ['road.step.state', ['done', 'current', 'todo', 'skipped', 'failed']],
      ['road.window.name', ['registration', 'evaluation', 'exemption', 'humanities', 'professional']],
      ['road.waiting', ['institution', 'agency', 'province', 'window', 'nobody']],
      ['road.button', ['confirm_profile', 'choose_procedure', 'self_evaluate', 'details']],
      ['road.home.next', ['certify', 'bind', 'password', 'notice']],
      ['road.papers.status', ['locked', 'held', 'exempt']],
      ['road.certify.id', ['missing', 'length', 'signs', 'province', 'date', 'check']],
    ]
    for (const [group, names] of lists) {
      expect(names.filter((name) => typeof at(`${group}.${name}`) !== 'string').map((name) => `${group}.${name}`)).toEqual([])
    }
  })

  it('say why a paper is closed, for every reason the gates give', () => {
    const gates = readFileSync(new URL('../../../entitlement.py', import.meta.url), 'utf8')
    const reasons = [...gates.matchAll(/Gate\.(?:LOCKED|HELD|EXEMPT), "(\w+)"/g)].map((match) => match[1] ?? '')
    expect(reasons.length).toBeGreaterThan(3)
    expect(reasons.filter((reason) => typeof at(`road.papers.why.${reason}`) !== 'string')).toEqual([])
  })
})
