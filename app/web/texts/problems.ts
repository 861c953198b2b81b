/** What pages say that could not be shown, in one place, ready for another language. */
export const problemTexts = {
  ours: {
    title: 'Something went wrong on our side',
    text: 'Your work is safe. Try again, and contact us if the problem persists.',
  },
  titles: {
    beyondPlan: 'Your plan does not include this',
    readOnly: 'Read only until an invoice is paid',
    declined: 'The payment was declined',
    forbidden: 'You do not have permission',
    notFound: 'Page not found',
    conflict: 'Changed by somebody else',
    tooMany: 'Too many requests',
    unavailable: 'Temporarily unavailable',
  },
  again: 'Try again',
  toPlans: 'Compare plans',
  toBilling: 'Go to billing',
} as const
