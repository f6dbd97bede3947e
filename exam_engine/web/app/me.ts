/** Who is logged in on this device. */
import { shallowRef } from 'vue'
import { api, got } from '@shared/api'
import { recall, remember } from '@shared/keep'
import type { Me } from '@shared/shapes'
import { clearPapers } from './exam/drawer'
import { clearPictures } from './exam/watch-shelf'
import { forgetDrafts } from './drafts'
import { forgetHome } from './road/home'

const OWNER = 'drafts-of'

export const me = shallowRef<Me | null>(null)

export async function logIn(login: string, password: string): Promise<Me> {
  const who = await got(api.POST('/api/session', { body: { login, password } }))
  forgetHome()
  const id = String(who.account_id)
  if (recall(OWNER) !== id) forgetDrafts() // somebody else's, whose session ended here
  remember(OWNER, id)
  me.value = who
  return who
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
  forgetHome()
}
