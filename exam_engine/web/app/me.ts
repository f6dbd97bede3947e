/** Who is logged in on this device. */
import { shallowRef } from 'vue'
import { api, got } from '@shared/api'
import type { Me } from '@shared/shapes'
import { clearPapers } from './exam/drawer'
import { clearPictures } from './exam/watch-shelf'
import { forgetDrafts } from './drafts'

export const me = shallowRef<Me | null>(null)

export async function logIn(login: string, password: string): Promise<Me> {
  me.value = await got(api.POST('/api/session', { body: { login, password } }))
  return me.value
}

export async function whoAmI(): Promise<Me> {
  me.value ??= await got(api.GET('/api/session'))
  return me.value
}

export async function logOut(): Promise<void> {
  await Promise.all([clearPapers(), clearPictures()])
  forgetDrafts()
  await got(api.DELETE('/api/session')).catch(() => undefined)
  me.value = null
}
