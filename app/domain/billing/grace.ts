/** So long an organisation that owes may go on as before, from the first try to charge it that failed. */
export const graceDays = 14
