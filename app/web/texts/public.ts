/** What the public pages say, in one place, ready for another language. */
export const publicTexts = {
  navigation: {
    label: 'Worklane',
    pricing: 'Pricing',
    docs: 'API',
    status: 'Status',
    signIn: 'Sign in',
    start: 'Start free',
  },
  landing: {
    title: 'Worklane: boards for your whole organisation',
    description: 'Boards, tasks, search and reports for your whole organisation, with an API for all of it.',
    heading: 'Every task in its lane, and every lane in sight.',
    lead: 'Plan, follow and finish work on boards that change while you look at them. What your team does with its tasks by hand, a program can do too.',
    start: 'Start free',
    look: 'See the plans',
    picture: 'A board with three columns: to do, doing and done, with two tasks in each.',
    board: [
      {
        name: 'To do',
        tasks: [
          ['ATL-21', 'Write the release notes'],
          ['ATL-24', 'Ask for a second opinion'],
        ],
      },
      {
        name: 'Doing',
        tasks: [
          ['ATL-18', 'Move the files to the new store'],
          ['ATL-19', 'Check the invoice of May'],
        ],
      },
      {
        name: 'Done',
        tasks: [
          ['ATL-12', 'Choose a name'],
          ['ATL-15', 'Draw the first page'],
        ],
      },
    ],
    featuresTitle: 'What is in it',
    features: [
      ['Live boards', 'Drag a task, and everyone who looks at the board sees it move.'],
      ['Search in everything', 'Full-text search over the tasks and comments of your organisation.'],
      ['Reports', 'What is open, what is overdue, and what each week finished.'],
      ['Roles', 'Five of them, from viewer to owner; every operation knows the least it needs.'],
      ['Kept apart', 'The database itself keeps the rows of one organisation from every other.'],
      ['An API', 'REST with an OpenAPI document, and keys with scopes that expire.'],
    ],
  },
  pricing: {
    title: 'Pricing',
    description: 'What the plans free, team and business of Worklane allow.',
    heading: 'Plans',
    lead: 'Every plan has every feature. Plans differ in how many requests a minute your organisation may send, people and API keys together. Billing is not open yet: every new organisation starts on the free plan.',
    tableTitle: 'Requests a minute, for the whole organisation',
    plan: 'Plan',
    plans: { free: 'Free', team: 'Team', business: 'Business' },
    for: {
      free: 'For a team that tries it.',
      team: 'For a company that works with it every day.',
      business: 'For many teams, and programs beside them.',
    },
    kinds: { read: 'Reads', write: 'Writes', heavy: 'Search, reports and exports' },
    perMinute: 'reads a minute',
    start: 'Start free',
  },
  docs: {
    title: 'API reference',
    description: 'Every operation of the API of Worklane, with its parameters and answers.',
    lead: 'Made from the same operations that answer. The OpenAPI 3.1 document is at',
    contents: 'Contents',
    topics: [
      [
        'authentication',
        'Authentication',
        'Send an API key as "Authorization: Bearer wl_…". An admin makes keys in the settings; a key is shown once. It acts with its creator’s role of the moment, and dies with that membership.',
      ],
      [
        'scopes',
        'Scopes',
        'A key may do what its scopes say: the first word of an operation with read or write, such as task:write; or *:read and *:write. Operations for people only take no key at all.',
      ],
      [
        'errors',
        'Errors',
        'Errors are application/problem+json (RFC 9457): type, title, status, detail and requestId, and for bad input errors, each with path and message. Unknown fields are refused.',
      ],
      [
        'paging',
        'Paging',
        'Lists take cursor and limit and answer with items and nextCursor. Send nextCursor as cursor to go on; null means that this was the last page.',
      ],
      [
        'idempotency',
        'Idempotency',
        'Send an Idempotency-Key with a write. Sent again with the same key and the same input, the write happens once.',
      ],
      [
        'rate-limits',
        'Rate limits',
        'Requests count against the person or key and against the plan of the organisation. Beyond that the answer is 429, with the seconds to wait in Retry-After.',
      ],
    ],
    example: 'Example',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    columns: { name: 'Name', type: 'Type', where: 'Where' },
    required: 'required',
  },
  status: {
    title: 'Status',
    description: 'Whether the parts of Worklane work right now.',
    heading: 'How Worklane is',
    allWork: 'Everything works.',
    someDoNot: (count: number) =>
      count === 1 ? 'One part does not work; we are on it.' : `${count} parts do not work; we are on it.`,
    works: 'Works',
    doesNot: 'Does not work',
    lookedAt: 'Looked at',
    parts: {
      pages: ['Pages and sign-in', 'Opening the application'],
      api: ['API', 'Programs and live changes on a page'],
      work: ['Boards and tasks', 'Reading and changing your work'],
      live: ['Live updates', 'Seeing the changes of others at once'],
      mail: ['Mail and notifications', 'Invitations, mentions and assignments'],
    },
  },
  footer: 'Worklane is the reference application of Headroom.',
} as const
