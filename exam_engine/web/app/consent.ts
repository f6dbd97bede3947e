/** The version of the consent text in words/<locale>/app.json: whoever changes the text gives it another version. */
export const CONSENT_TEXT = '2026-11'
