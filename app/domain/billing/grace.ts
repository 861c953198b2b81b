/** So long an organisation that owes may go on as before, from when it is first known that it could not be charged. */
export const graceDays = 14
