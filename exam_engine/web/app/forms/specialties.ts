/** Which 执业范围 the page offers. */
import { SPECIALTIES } from '@shared/specialties'
import type { Field, Values } from './shapes'

/** The options of a field that go with what was chosen before it. */
export function offered(field: Field, values: Values): readonly string[] {
  const all = field.choices ?? []
  const category = SPECIALTIES[String(values['category'] ?? '')]
  return field.options === 'specialty' && category ? all.filter((code) => category.includes(code)) : all
}
