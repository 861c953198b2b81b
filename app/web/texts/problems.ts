/** What pages say that could not be shown, in one place, ready for another language. */
export const problemTexts = {
  ours: {
    title: 'Something went wrong on our side',
    text: 'Your work is safe. Try again; if it stays like this, tell us when it happened.',
  },
  titles: {
    beyondPlan: 'Your plan does not include this',
    readOnly: 'Read only until an invoice is paid',
    declined: 'The payment was declined',
    forbidden: 'You may not do this',
    notFound: 'There is nothing here',
    conflict: 'Somebody was faster',
    tooMany: 'Too many requests',
    unavailable: 'Too busy for a moment',
  },
  again: 'Try again',
  toPlans: 'Compare the plans',
  toBilling: 'To billing',
} as const
