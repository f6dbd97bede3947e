/** 服务协议 in words/<locale>/road.json; twin of TERMS_VERSION in exam_engine/registration/phone.py. */
export const TERMS_VERSION = '2026-11'
export const TERMS_POINTS = ['what', 'account', 'truth', 'data', 'exam', 'free', 'stop', 'change'] as const
