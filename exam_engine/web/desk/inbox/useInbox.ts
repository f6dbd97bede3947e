/** 站内消息 of an organisation's staff, heard live while the desk is open. */

import { api, got } from '@shared/api'
import { type Inbox, merged, type Message, type News, newsOf, openFeed } from '@shared/inbox'
import { asProblem, type Problem } from '@shared/problem'
import { computed, type ComputedRef, onScopeDispose, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue'
import { me } from '../session'
import { tellMessage } from './news'

const READERS: ReadonlySet<string> = new Set(['institution', 'agency', 'province'])

const inboxHttp = {
  page: (before?: number): Promise<Inbox> =>
    got(api.GET('/api/inbox', { params: { query: before === undefined ? {} : { before } } })),
  read: (ids: number[]): Promise<Inbox> => got(api.POST('/api/inbox/read', { body: { message_ids: ids } })),
}

export interface DeskInbox {
  /** Whether this account has an inbox at all. */
  has: ComputedRef<boolean>
  unread: Ref<number>
  messages: ShallowRef<readonly Message[]>
  next: Ref<number | null>
  problem: ShallowRef<Problem | null>
  load(): Promise<void>
  more(): Promise<void>
  /** Without ids all of them. */
  read(ids?: number[]): Promise<void>
}

export function useInbox(): DeskInbox {
  const has = computed(() => READERS.has(me.value?.role ?? ''))
  const unread = ref(0)
  const messages = shallowRef<readonly Message[]>([])
  const next = ref<number | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let known = 0 // the newest message that was heard of
  let close: (() => void) | undefined

  function take(news: News): void {
    unread.value = news.unread
    known = news.newest?.message_id ?? 0
  }

  function show(inbox: Inbox): void {
    take(newsOf(inbox))
    messages.value = merged(inbox, messages.value)
    if (messages.value.length === inbox.messages.length) next.value = inbox.next
  }

  async function carefully(work: () => Promise<void>): Promise<void> {
    problem.value = null
    try {
      await work()
    } catch (error) {
      problem.value = asProblem(error)
    }
  }

  const load = (): Promise<void> => carefully(async () => show(await inboxHttp.page()))

  const more = (): Promise<void> =>
    carefully(async () => {
      const inbox = await inboxHttp.page(next.value ?? undefined)
      messages.value = [...messages.value, ...inbox.messages]
      next.value = inbox.next
    })

  const read = (ids: number[] = []): Promise<void> =>
    carefully(async () => {
      const inbox = await inboxHttp.read(ids)
      const now = new Date().toISOString()
      const isRead = (one: Message): boolean => ids.length === 0 || ids.includes(one.message_id)
      messages.value = messages.value.map((one) => (isRead(one) ? { ...one, read_at: one.read_at ?? now } : one))
      show(inbox)
    })

  function hear(news: News): void {
    const newer = (news.newest?.message_id ?? 0) !== known
    take(news)
    if (newer && messages.value.length > 0) void load()
  }

  function forget(): void {
    close?.()
    close = undefined
    unread.value = 0
    messages.value = []
    next.value = null
  }

  watch(
    () => (has.value ? me.value?.account_id : undefined),
    (account) => {
      forget()
      if (account === undefined) return
      const poll = async (): Promise<News> => newsOf(await inboxHttp.page())
      close = openFeed({ news: hear, fresh: tellMessage, ended: forget }, poll)
    },
    { immediate: true },
  )
  onScopeDispose(forget)
  return { has, unread, messages, next, problem, load, more, read }
}
