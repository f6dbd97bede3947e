/** The languages. Chinese is in the page; English is fetched when somebody wants it. */
import { createI18n } from 'vue-i18n'
import zhCodes from '@words/zh-CN/codes.json'
import zhShared from '@words/zh-CN/shared.json'
import { recall, remember } from './keep'

export type Area = 'app' | 'desk'
export type Locale = 'zh-CN' | 'en'

/** The files of an area, beside those everybody needs. */
const FILES: Record<Area, readonly string[]> = {
  app: ['app', 'road', 'reg', 'result'],
  desk: ['desk', 'review', 'admin', 'reg', 'bank', 'papers', 'stats', 'results', 'result'],
}
const chinese = import.meta.glob<object>('@words/zh-CN/{app,road,reg,result,desk,review,admin,bank,papers,stats,results}.json', { import: 'default' })
const english = import.meta.glob<object>('@words/en/*.json', { import: 'default' })

async function read(locale: Locale, name: string): Promise<object> {
  const loaders = locale === 'en' ? english : chinese
  const path = Object.keys(loaders).find((each) => each.endsWith(`/${name}.json`))
  return path ? loaders[path]!() : {}
}

async function load(locale: Locale, area: Area): Promise<Record<string, object>> {
  const everybody = locale === 'en' ? ['shared', 'codes'] : []
  const names = [...everybody, ...FILES[area]]
  const files = await Promise.all(names.map((name) => read(locale, name)))
  const zh: Record<string, object> = locale === 'en' ? {} : { shared: zhShared, codes: zhCodes }
  return { ...zh, ...Object.fromEntries(names.map((name, index) => [name, files[index]!])) }
}

let current: ReturnType<typeof make> | undefined
let currentArea: Area = 'app'

function make(locale: Locale) {
  return createI18n({
    legacy: false,
    locale: locale as string,
    fallbackLocale: 'zh-CN',
    missingWarn: false,
    fallbackWarn: false,
    messages: {},
  })
}

export async function createWords(area: Area): Promise<ReturnType<typeof make>> {
  const locale: Locale = recall('locale') === 'en' ? 'en' : 'zh-CN'
  currentArea = area
  current = make(locale)
  await speak(locale)
  return current
}

export async function speak(locale: Locale): Promise<void> {
  if (!current) return
  current.global.setLocaleMessage(locale, await load(locale, currentArea))
  current.global.locale.value = locale
  remember('locale', locale)
  document.documentElement.lang = locale
}
