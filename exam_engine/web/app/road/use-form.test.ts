// @vitest-environment happy-dom
import { createApp, defineComponent, h, nextTick, ref, type App } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { afterEach, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import { useForm, type UsedForm } from './use-form'

const nothing = defineComponent({ render: () => null })
const chinese = { code_wrong: '验证码有误', sms_away: '短信暂停' }
const codes = { code_wrong: 'wrong code', sms_away: 'no SMS now', unknown: 'unknown {code}' }
let app: App | undefined

interface Page {
  form: UsedForm<'phone' | 'code'>
  code: { value: string }
  router: Router
  i18n: { global: { locale: { value: string }; t: (key: string) => string } }
}

async function page(): Promise<Page> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/here', component: nothing },
      { path: '/login', name: 'login', component: nothing },
    ],
  })
  await router.push('/here')
  const code = ref('')
  let form: UsedForm<'phone' | 'code'>
  const root = document.createElement('div')
  document.body.append(root)
  app = createApp({
    setup() {
      form = useForm<'phone' | 'code'>(['phone', 'code'], { code: () => code.value }, { code_wrong: 'code' })
      return () => [h('input', { id: 'field-phone' }), h('input', { id: 'field-code' })]
    },
  })
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: { codes, no: 'no' }, zh: { codes: chinese, no: '不' } } })
  app.use(i18n).use(router).mount(root)
  return { form: form!, code, router, i18n }
}

afterEach(() => {
  app?.unmount()
  document.body.innerHTML = ''
})

it('a form is sent once, however often its button is pressed', async () => {
  const { form } = await page()
  let sent = 0
  let done: () => void = () => undefined
  const act = async (): Promise<void> => {
    sent++
    await new Promise<void>((resolve) => (done = resolve))
  }
  const first = form.send(act)
  await form.send(act)
  expect([sent, form.busy.value]).toEqual([1, true])
  done()
  await first
  expect(form.busy.value).toBe(false)
})

it('what the server says of a field stands there, has the focus, and goes when the field is touched', async () => {
  const { form, code } = await page()
  await form.send(() => Promise.reject(new Problem('code_wrong', 409)))
  await nextTick()
  expect([form.wrong.code, form.complaint.value]).toEqual(['wrong code', ''])
  expect(document.activeElement?.id).toBe('field-code')
  code.value = '1'
  await nextTick()
  expect(form.wrong.code).toBe('')
})

it('what belongs to no field stands below, until the next try', async () => {
  const { form } = await page()
  await form.send(() => Promise.reject(new Problem('sms_away', 503)))
  expect(form.complaint.value).toBe('no SMS now')
  await form.send(() => Promise.resolve())
  expect(form.complaint.value).toBe('')
})

it('the focus goes to the first wrong field of the page', async () => {
  const { form } = await page()
  expect(form.judge(() => ({ code: 'no', phone: 'no' }))).toBe(false)
  await nextTick()
  expect(document.activeElement?.id).toBe('field-phone')
  expect(form.judge(() => ({}))).toBe(true)
})

it('what is said is said again in the other language, but nothing of a field that was touched', async () => {
  const { form, code, i18n } = await page()
  const { t, locale } = i18n.global
  form.judge(() => ({ phone: t('no'), code: t('no') }))
  code.value = '1'
  await nextTick()
  locale.value = 'zh'
  await nextTick()
  expect([form.wrong.phone, form.wrong.code]).toEqual(['不', ''])
  await form.send(() => Promise.reject(new Problem('sms_away', 503)))
  expect(form.complaint.value).toBe('短信暂停')
  locale.value = 'en'
  expect(form.complaint.value).toBe('no SMS now')
  await form.send(() => Promise.reject(new Problem('code_wrong', 409)))
  locale.value = 'zh'
  await nextTick()
  expect([form.wrong.code, form.complaint.value]).toEqual(['验证码有误', ''])
})

it('a session that has ended leads to the log-in and back here', async () => {
  const { form, router } = await page()
  await form.send(() => Promise.reject(new Problem('not_logged_in', 401)))
  await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/login?to=/here'))
})

it('a wrong password at log-in is said where one is', async () => {
  const { form, router } = await page()
  await form.send(() => Promise.reject(new Problem('wrong_login', 401)))
  expect([router.currentRoute.value.path, form.complaint.value]).toEqual(['/here', 'unknown wrong_login'])
})
