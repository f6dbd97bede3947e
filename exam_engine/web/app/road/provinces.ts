/** GB/T 2260, first two digits, and 66 for 新疆生产建设兵团; twin of PROVINCES in registration/dictionaries.py. */
export const PROVINCES = [
  '11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44',
  '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '66', '71', '81', '82',
] as const

export const isProvince = (code: unknown): code is string => (PROVINCES as readonly unknown[]).includes(code)

/** 职称, as in registration/dictionaries.py; the words are `reg.option.title.<code>`. */
export const TITLES = ['none', 'assistant', 'resident', 'attending', 'associate_chief', 'chief'] as const
