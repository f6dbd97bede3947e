/** 执业范围 by 类别: which options the page offers (the twin of registration/dictionaries.py; a test compares them). */
import type { Field, Values } from './shapes'

export const SPECIALTIES: Readonly<Record<string, readonly string[]>> = {
  clinical: [
    'internal',
    'surgery',
    'obstetrics',
    'paediatrics',
    'eye_ent',
    'dermatology',
    'psychiatry',
    'occupational',
    'radiology',
    'laboratory_pathology',
    'general_practice',
    'emergency',
    'rehabilitation',
    'preventive',
    'special_military',
    'family_planning',
    'intensive_care',
    'clinical_other',
  ],
  dental: ['stomatology', 'dental_other'],
  public_health: ['public_health', 'public_health_other'],
  tcm: [
    'chinese',
    'integrated',
    'mongolian',
    'tibetan',
    'uygur',
    'dai',
    'korean',
    'zhuang',
    'kazakh',
    'tcm_general_practice',
    'tcm_rehabilitation',
    'tcm_other',
  ],
}

/** The options of a field that go with what was chosen before it. */
export function offered(field: Field, values: Values): readonly string[] {
  const all = field.choices ?? []
  const category = SPECIALTIES[String(values['category'] ?? '')]
  return field.options === 'specialty' && category ? all.filter((code) => category.includes(code)) : all
}
