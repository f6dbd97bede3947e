// @vitest-environment happy-dom
import { createApp, defineComponent } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { afterEach, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import { me } from '../me'
import { useLoggedOut } from './logged-out'

const nothing = defineComponent({ render: () => null })
const OVER = new Problem('not_logged_in', 401)

async function at(path: string) {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: ['/', '/file/change', '/login'].map((one) => ({ path: one, name: one.slice(1) || 'home', component: nothing })),
  })
  await router.push(path)
  let led = (_: Problem): boolean => false
  const app = createApp({
    setup() {
      led = useLoggedOut()
      return () => null
    },
  })
  app.use(router).mount(document.createElement('div'))
  return { led, router, there: () => vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/login')) }
}

afterEach(() => (me.value = null))

it('a session that has ended leads to the log-in, with the way back', async () => {
  const { led, router, there } = await at('/file/change')
  expect(led(OVER)).toBe(true)
  await there()
  expect(router.currentRoute.value.query).toEqual({ to: '/file/change' })
})

it('the home is where the log-in leads anyway', async () => {
  const { led, router, there } = await at('/')
  expect(led(OVER)).toBe(true)
  await there()
  expect(router.currentRoute.value.query).toEqual({})
})

it.each([
  ['who was logged in is told that he no longer is', true, { said: 'expired' }],
  ['who comes for the first time is told nothing', false, {}],
])('%s', async (_, was, state) => {
  const { led, router, there } = await at('/file/change')
  const replace = vi.spyOn(router, 'replace')
  if (was) me.value = { account_id: 1 } as never
  led(OVER)
  await there()
  expect(replace.mock.calls[0]?.[0]).toMatchObject({ state })
})

it.each([new Problem('wrong_login', 401), new Problem('illegal_move', 409), new Problem('no_network', 0)])(
  'any other trouble is for the page: $code',
  async (problem) => {
    const { led, router } = await at('/file/change')
    expect(led(problem)).toBe(false)
    expect(router.currentRoute.value.path).toBe('/file/change')
  },
)
