/**
 * Watching of one attempt, bound to a page's life: consent, the way without a face, and during the exam the camera,
 * the captures and the signals. The session knows nothing of it; this follows the session's state.
 */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { recall, remember } from '@shared/keep'
import { asProblem, type Problem } from '@shared/problem'
import type { CameraState, SignalsTaken, Watching } from '@shared/shapes'
import { CONSENT_TEXT } from '../consent'
import { Captures } from './captures'
import { eitherWay } from './carrying'
import { guard } from './guards'
import { SelfCamera, type SelfState } from './self-camera'
import type { ExamSession } from './session'
import { Signals, type SignalKind } from './signals'
import type { ExamState } from './state'
import { openWatchShelf } from './watch-shelf'
import { watchingServer as server } from './watching-server'

const AGAIN_MS = 3_000
const TICK_MS = 2_000
const REPORT_MS = 15_000
const GAP_MS = 5_000 // a line that comes back sooner was never gone
const PHONE_MS = 15_000
const HAND_IN_MS = 1_500

export type Refusal = 'copy' | 'paste' | 'cut' | 'print' | 'menu' | 'screenshot'
/** What to tell for a moment: something held back, or what the server noted. */
export type WatchNote = { id: number; refused: Refusal } | { id: number; taken: SignalsTaken }

export interface UsedWatching {
  info: ShallowRef<Watching | null>
  problem: ShallowRef<Problem | null>
  /** This attempt goes without a camera: a person was asked because there is none. */
  noCamera: Ref<boolean>
  phone: ShallowRef<CameraState | null>
  /** Why a person was asked from this very device (and is still to answer); another's waiting is no reason to wait here. */
  asked: Ref<string>
  camera: SelfCamera
  cameraState: Ref<SelfState>
  ownCamera: ComputedRef<boolean>
  note: ShallowRef<WatchNote | null>
  load: () => Promise<void>
  agree: (agreed: boolean) => Promise<void>
  askPerson: (why: 'no_consent' | 'no_camera') => Promise<void>
  setAsked: (why: string) => void
  lookForPhone: () => Promise<void>
  /** The camera works after all. */
  hasCamera: () => void
  /** The last picture; resolves when it is on its way or after a moment, whichever is first. */
  beforeHandIn: () => Promise<void>
}

/** Attempts this very page has shown running: who comes back to one has not reloaded. */
const shownHere = new Set<number>()

const CAMERA_SIGNS: Partial<Record<SelfState, SignalKind>> = {
  muted: 'camera_muted',
  covered: 'camera_covered',
  ended: 'camera_ended',
}

export function useWatching(session: ExamSession, state: ShallowRef<ExamState>): UsedWatching {
  const { attempt } = session
  const info = shallowRef<Watching | null>(kept(attempt))
  const problem = shallowRef<Problem | null>(null)
  const noCamera = ref(recall(`no-camera-${attempt}`) === '1')
  const phone = shallowRef<CameraState | null>(null)
  const asked = ref('')
  const note = shallowRef<WatchNote | null>(null)
  const shelf = openWatchShelf()
  let notes = 0
  let closed = false

  // --- how it is watched -----------------------------------------------------------------------------------------

  function take(next: Watching): void {
    info.value = next
    problem.value = null
    remember(`watching-${attempt}`, JSON.stringify(next), 'tab')
  }

  async function load(): Promise<void> {
    try {
      take(await server.watching(attempt))
      if (info.value?.captures) await lookForPhone()
    } catch (error) {
      problem.value = asProblem(error)
      if (problem.value.passing && !closed) setTimeout(() => void load(), AGAIN_MS)
    }
  }

  async function agree(agreed: boolean): Promise<void> {
    take(await server.consent(attempt, agreed, CONSENT_TEXT))
    if (!agreed) await askPerson('no_consent')
  }

  async function askPerson(why: 'no_consent' | 'no_camera'): Promise<void> {
    await server.askPerson(attempt, state.value.device, why)
    noCamera.value = why === 'no_camera'
    remember(`no-camera-${attempt}`, noCamera.value ? '1' : '')
    setAsked(why)
    await session.refresh()
  }

  function setAsked(why: string): void {
    asked.value = why
    remember(`portrait-sent-${state.value.device}`, why, 'tab')
  }

  async function lookForPhone(): Promise<void> {
    if (state.value.device) phone.value = await server.camera(attempt, state.value.device).catch(() => phone.value)
  }

  function hasCamera(): void {
    noCamera.value = false
    remember(`no-camera-${attempt}`, '')
  }

  // --- the camera and its pictures -------------------------------------------------------------------------------

  const cameraState = ref<SelfState>('off')
  const agreed = computed(() => info.value?.consent === 'agreed' && info.value.captures)
  const ownCamera = computed(() => agreed.value && !noCamera.value && !phone.value?.paired)
  const running = computed(() => state.value.stage === 'exam' && !state.value.timeIsUp)

  const camera = new SelfCamera((now, since) => {
    cameraState.value = now
    tellOfCamera(now, since)
  })
  const online = (): boolean => state.value.line === 'socket' || state.value.line === 'http'
  const captures = new Captures(attempt, {
    shelf,
    shoot: () => camera.shoot(),
    send: (why, agoMs, jpeg) =>
      eitherWay(
        () => session.carry({ why, agoMs, jpeg }),
        (lostMs) => server.capture(attempt, state.value.device, why, agoMs + lostMs, jpeg),
      ),
    mayGo: () => online() && (state.value.pending === 0 || state.value.sign === 'held'),
  })

  function tellOfCamera(now: SelfState, since: number): void {
    if (!signals || document.visibilityState !== 'visible') return
    const kind = CAMERA_SIGNS[now]
    for (const other of Object.values(CAMERA_SIGNS)) if (other && other !== kind) signals.end(other)
    if (kind && ownCamera.value && running.value) signals.begin(kind, since)
  }

  async function openCamera(): Promise<void> {
    const slot = `started-${attempt}`
    const why = startedNow() && recall(slot, 'tab') !== '1' ? 'start' : 'again'
    remember(slot, '1', 'tab')
    await camera.open()
    captures.begin(info.value?.next_in_s ?? 0)
    await untilThereIsAPicture(camera)
    await captures.take(why)
  }

  const startedNow = (): boolean => {
    const started = state.value.view?.started_at
    const left = session.countdown.left()
    const all = (state.value.view?.minutes ?? 0) * 60_000
    return Boolean(started) && all - left < 10_000
  }

  function closeCamera(): void {
    captures.stop()
    camera.close()
  }

  async function beforeHandIn(): Promise<void> {
    if (!ownCamera.value) return
    const limit = new Promise<void>((resolve) => setTimeout(resolve, HAND_IN_MS))
    // The server takes no picture of after the end, so this one should arrive before the hand-in does.
    await Promise.race([captures.take('hand_in').then(() => captures.sent()), limit])
  }

  // --- signals ---------------------------------------------------------------------------------------------------

  let signals: Signals | null = null
  let unguard: (() => void) | undefined
  let aliveAt = Date.now()
  let downSince: number | null = null

  function told(taken: SignalsTaken): void {
    notes += 1
    if (taken.incidents.length > 0) note.value = { id: notes, taken }
  }

  function startSignals(): void {
    const { device } = state.value
    signals?.close()
    const slot = `signals-${attempt}-${device}`
    const ledger = { read: () => recall(slot, 'tab'), write: (text: string) => remember(slot, text, 'tab') }
    const post = server.signals.bind(null, attempt)
    const mine = new Signals(attempt, device, shelf, ledger, post, told)
    signals = mine
    if (mine.began && !shownHere.has(attempt)) mine.note('page_reloaded')
    shownHere.add(attempt)
    void mine.load()
    if (document.visibilityState === 'visible') mine.end('page_hidden')
    mine.setOnline(online())
    aliveAt = Date.now()
    unguard?.()
    unguard = guard({
      noted: (kind) => mine.note(kind),
      refused: (what) => {
        notes += 1
        note.value = { id: notes, refused: what }
      },
      hidden: () => hide(mine),
      shown: () => show(mine),
      blurred: () => document.visibilityState === 'visible' && mine.begin('focus_lost'),
      focused: () => mine.end('focus_lost'),
      alive: () => {
        aliveAt = Date.now()
        mine.end('idle')
      },
    })
  }

  function hide(mine: Signals): void {
    if (mine.isLasting('page_hidden')) return
    for (const kind of ['focus_lost', 'idle', ...Object.values(CAMERA_SIGNS)] as const) mine.end(kind)
    mine.begin('page_hidden')
    mine.hurry()
  }

  function show(mine: Signals): void {
    if (!mine.isLasting('page_hidden')) return
    mine.end('page_hidden')
    aliveAt = Date.now()
    if (!ownCamera.value) return
    camera.back()
    tellOfCamera(camera.state, Date.now())
    void untilThereIsAPicture(camera).then(() => captures.take('back'))
  }

  /** The exam is over, or the page goes elsewhere in this app while it runs: then it is out of sight like a hidden one. */
  function stopSignals(left: boolean): void {
    unguard?.()
    unguard = undefined
    const mine = signals
    if (!mine) return
    for (const kind of Object.values(CAMERA_SIGNS)) if (kind) mine.end(kind)
    mine.end('focus_lost')
    mine.end('idle')
    if (left) mine.begin('page_hidden')
    mine.hurry()
  }

  function tick(): void {
    const mine = signals
    if (!mine || !running.value) return
    lookAtLine(mine)
    const idleMs = (info.value?.idle_s ?? 0) * 1000
    const idle = document.visibilityState === 'visible' && idleMs > 0 && Date.now() - aliveAt > idleMs
    if (idle && !mine.isLasting('idle')) mine.begin('idle', aliveAt)
  }

  /** Told when the line is back, with how long it was gone. */
  function lookAtLine(mine: Signals): void {
    if (online()) {
      downSince = null
      mine.end('network_gap')
    } else {
      downSince ??= Date.now()
      if (Date.now() - downSince >= GAP_MS) mine.begin('network_gap', downSince)
    }
  }

  // --- life ------------------------------------------------------------------------------------------------------

  watch(running, (now, before) => {
    if (now) startSignals()
    else if (before) stopSignals(false)
  })
  watch(
    () => running.value && ownCamera.value,
    (now) => (now ? void openCamera() : closeCamera()),
  )
  watch(
    () => [state.value.line, state.value.pending],
    () => {
      signals?.setOnline(online())
      if (signals && running.value && online()) lookAtLine(signals)
      if (online()) captures.nudge()
    },
  )
  watch(
    () => state.value.device,
    (device) => {
      asked.value = (device && recall(`portrait-sent-${device}`, 'tab')) || ''
      if (device && info.value?.captures) void lookForPhone()
    },
  )
  watch(
    () => state.value.view?.identity,
    (now, before) => before === 'waiting' && now !== 'waiting' && setAsked(''),
  )
  let timers: ReturnType<typeof setInterval>[] = []
  onMounted(() => {
    void load()
    void captures.load()
    timers = [
      setInterval(tick, TICK_MS),
      setInterval(() => running.value && signals?.report(), REPORT_MS),
      setInterval(() => phone.value?.paired && running.value && void lookForPhone(), PHONE_MS),
    ]
  })
  onBeforeUnmount(() => {
    closed = true
    timers.forEach(clearInterval)
    stopSignals(running.value)
    signals?.close()
    closeCamera()
    captures.close()
  })

  return {
    info,
    problem,
    noCamera,
    phone,
    asked,
    camera,
    cameraState,
    ownCamera,
    note,
    load,
    agree,
    askPerson,
    setAsked,
    lookForPhone,
    hasCamera,
    beforeHandIn,
  }
}

function kept(attempt: number): Watching | null {
  const text = recall(`watching-${attempt}`, 'tab')
  return text ? (JSON.parse(text) as Watching) : null
}

/** A camera just opened takes a moment to show anything. */
async function untilThereIsAPicture(camera: SelfCamera): Promise<void> {
  for (let round = 0; round < 20 && camera.video.videoWidth === 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
