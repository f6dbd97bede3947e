/** The languages. Chinese is in the page; English is fetched when somebody wants it. */
import { createI18n } from 'vue-i18n'
import zhCodes from '@words/zh-CN/codes.json'
import zhShared from '@words/zh-CN/shared.json'
import { recall, remember } from './keep'

export type Area = 'app' | 'desk'
export type Locale = 'zh-CN' | 'en'

const loaders: Record<Locale, Record<Area, () => Promise<object[]>>> = {
  'zh-CN': {
    app: async () => [zhShared, zhCodes, (await import('@words/zh-CN/app.json')).default],
    desk: async () => [zhShared, zhCodes, (await import('@words/zh-CN/desk.json')).default],
  },
  en: {
    app: async () => Promise.all([...english(), import('@words/en/app.json').then((m) => m.default)]),
    desk: async () => Promise.all([...english(), import('@words/en/desk.json').then((m) => m.default)]),
  },
}

const english = (): Promise<object>[] => [
  import('@words/en/shared.json').then((m) => m.default),
  import('@words/en/codes.json').then((m) => m.default),
]

async function load(locale: Locale, area: Area): Promise<Record<string, object>> {
  const [shared, codes, own] = await loaders[locale][area]()
  return { shared: shared ?? {}, codes: codes ?? {}, [area]: own ?? {} }
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
