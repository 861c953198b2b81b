/** As evidence and reasons write figures. */
export const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
export const percent = (share: number, digits = 2) => `${(share * 100).toFixed(digits)}%`
