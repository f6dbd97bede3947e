/** What has come into the page stays in it: who empties a field to write it anew keeps the field under his hands. */
import { readonly, ref, watch, type Ref } from 'vue'

/** True from the first time that `now` is. */
export function once(now: () => boolean): Readonly<Ref<boolean>> {
  const been = ref(false)
  watch(now, (is) => (been.value ||= is), { immediate: true, flush: 'sync' })
  return readonly(been)
}
