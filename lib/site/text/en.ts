import type { RefusedAttempt, StudioEvent } from '../studio/stream-events.ts';

/** The studio's words in English. Every other language has the same. */
export const studio = {
  locale: 'en',
  title: 'Studio',
  loading: 'Loading',
  retry: 'Try again',
  open: 'Open',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  copied: 'Copied',
  notCopied: 'The browser did not let the page copy',
  copyOf: (what: string) => `Copy: ${what}`,
  unreachable: 'The server can’t be reached. The page tries again by itself.',
  failed: 'That did not work.',
  tooMany: 'There are too many requests. Wait a moment.',
  skip: 'Skip to content',
  nav: { label: 'Studio', streams: 'Streams', people: 'People', signOut: 'Sign out' },
  roles: { owner: 'Owner', producer: 'Producer', broadcaster: 'Broadcaster', moderator: 'Moderator' },
  tokenRole: 'Admin token',
  signIn: {
    heading: 'Sign in to the studio',
    lead: 'Open the link that you were sent. It signs you in on this device.',
    tokenLabel: 'Or sign in with an admin token',
    tokenHint: '32 letters and digits. It is exchanged for a session and not kept.',
    button: 'Sign in',
    busy: 'Signing in',
    usedInvite: 'This link was used before, or has expired. Ask for a new one.',
    refused: 'Your account has no role in this studio. Ask its owner.',
    provider: (name: string) => `Sign in with ${name}`,
    badToken: 'This token is not valid.',
    signedOut: 'Your session has ended. Sign in again.',
    noCookie:
      'This browser does not keep the session’s cookie over plain HTTP. Use Chrome or Firefox here, or an address with HTTPS.',
  },
  list: {
    heading: 'Streams',
    create: 'New stream',
    search: 'Search streams',
    all: 'All',
    live: 'Live',
    offline: 'Offline',
    filterLabel: 'Show',
    none: 'No streams yet',
    noneLead: 'A stream has an address for OBS, a key, and a page to watch. It takes a minute.',
    noneOwn: 'Nobody has given you a stream yet.',
    noMatch: 'No stream matches.',
    count: (shown: number, live: number) => `${shown === 1 ? '1 stream' : `${shown} streams`}, ${live} live`,
    uptime: 'On air for',
    by: (name: string) => `by ${name}`,
    healthGood: 'Healthy',
    warnings: (count: number) => (count === 1 ? '1 warning' : `${count} warnings`),
  },
  state: {
    live: 'Live',
    preview: 'Preview',
    away: 'Waiting for the broadcaster',
    idle: 'Offline',
    ready: 'Will go live',
  },
  form: {
    create: 'New stream',
    edit: 'Edit stream',
    createButton: 'Create stream',
    title: 'Title',
    titleHint: 'Viewers see it. It can change while you are live.',
    description: 'Description',
    category: 'Category',
    ladder: 'Quality',
    ladders: {
      '360p': '360p: for slides and slow connections',
      '480p': '480p and below',
      '720p': '720p and below: right for most',
      '1080p': '1080p and below: sharp, needs 6 Mbit/s upload',
      '1440p': '1440p and below: needs 9 Mbit/s upload',
      '2160p': '4K and below: needs 16 Mbit/s upload',
    },
    latency: 'Delay',
    latencies: {
      ultra: { name: 'About 1 second', detail: 'For talking with viewers. Needs good connections.' },
      low: { name: 'About 2 seconds', detail: 'Right for most.' },
      standard: { name: 'About 8 seconds', detail: 'Calmest picture on bad connections.' },
    },
    playback: 'Who may watch',
    playbacks: {
      public: { name: 'Everybody with the address', detail: 'The page can be passed on.' },
      token: { name: 'Only with a viewer link', detail: 'You make links that expire.' },
    },
    start: 'Going live',
    starts: {
      auto: { name: 'As soon as OBS sends', detail: 'Simple: start streaming, and viewers see it.' },
      word: { name: 'When you press “Go live”', detail: 'You check picture and sound here first.' },
    },
    appliesNext: 'Quality and delay change with the next broadcast.',
  },
  stream: {
    back: 'All streams',
    missing: 'There is no such stream',
    missingLead: 'It may have been deleted, or it belongs to somebody else.',
    goLive: 'Go live',
    goLiveHint: 'Viewers don’t see this yet.',
    waitsForPublisher: 'Goes live as soon as OBS sends.',
    end: 'End stream',
    endTitle: 'End the stream for viewers?',
    endLead: 'Its page says that it has ended. The key stays valid for the next time.',
    endWord: 'OBS may go on sending: only this page shows it then.',
    edit: 'Edit',
    more: 'More',
    purge: 'Take down',
    purgeTitle: 'Take the stream down everywhere?',
    purgeLead:
      'The broadcast ends, its files leave every cache, and the stream gets a new address. Links and embeds to the old one stop working.',
    remove: 'Delete',
    removeTitle: 'Delete this stream?',
    removeLead: 'Its key and its address stop working. This can’t be undone.',
    preview: 'Preview',
    previewIdle: 'Nobody sends yet',
    previewIdleLead: 'Start streaming in OBS. The picture appears here.',
    delay: (seconds: string) => `${seconds} s behind`,
    delayTitle: 'From the camera to this picture',
    uptime: 'On air for',
  },
  connect: {
    heading: 'Connect OBS',
    lead: 'In OBS: Settings → Stream → Service “Custom…”.',
    server: 'Server',
    secureServer: 'Server, encrypted',
    key: 'Stream key',
    keyHidden: 'Shown only once, when it was made',
    keyOnce: 'Copy it now: it is not shown again. Anybody who has it can publish.',
    show: 'Show',
    hide: 'Hide',
    rotate: 'New key',
    rotateTitle: 'Replace the stream key?',
    rotateLead: 'The old key stops working at once, and whoever publishes with it is disconnected.',
    other: 'Other ways to connect',
    service: 'OBS service file',
    serviceHint: 'Save as service.json in the folder of an OBS profile.',
    multitrack: 'OBS multitrack video',
    multitrackHint: 'OBS 31 and newer: Settings → Stream → Multitrack Video → Config Override.',
    ffmpeg: 'FFmpeg',
    phone: 'Phone',
    phoneHint: 'Scan with Larix Broadcaster: it sets up the connection.',
    phoneAlt: 'QR code with the settings for Larix Broadcaster',
    needsKey: 'Make a new key to fill these in.',
  },
  share: {
    heading: 'Share',
    watch: 'Watch page',
    playlist: 'HLS playlist',
    embed: 'Embed code',
    viewerLink: 'Make a viewer link',
    viewerLinkHint: 'Lets whoever has it watch until it expires.',
    lifetime: 'Valid for',
    lifetimes: { 3600: '1 hour', 21600: '6 hours', 86400: '1 day' },
    expires: (when: string) => `Valid until ${when}`,
    qr: 'QR code of the watch page',
  },
  health: {
    heading: 'Health',
    last: 'Last ten minutes',
    none: 'Shown while somebody publishes.',
    good: 'Everything looks right.',
    inputKbps: 'Input bitrate',
    frameRate: 'Frame rate',
    keyframeIntervalSeconds: 'Keyframe interval',
    encoderSpeed: 'Encoder speed',
    audioLevelDb: 'Audio level',
    droppedFrames: 'Frames dropped per minute',
    noSound: 'no sound',
    unknown: 'not known yet',
    summary: (lowest: string, highest: string) => `lowest ${lowest}, highest ${highest} in the last ten minutes`,
    source: 'Source',
    backup: (name: string) => `Backup encoder: ${name}`,
  },
  timeline: {
    heading: 'What happened',
    none: 'Nothing yet.',
    more: 'Earlier',
    says: (event: StudioEvent): string => {
      switch (event.type) {
        case 'stream.live':
          return 'Viewers can watch';
        case 'stream.ended':
          return `Ended: ${EN_END_REASONS[event.reason] ?? event.reason}`;
        case 'stream.preview-started':
          return 'The preview began';
        case 'stream.preview-ended':
          return 'The preview ended';
        case 'stream.changed':
          return `${EN_ACTIONS[event.action] ?? event.action} (${event.by})`;
        case 'stream.refused':
          return `Refused: ${event.description}${refusedMore(event)}`;
        case 'stream.contested':
          return `A second encoder (${event.refusedAddress}) uses the same key and was refused`;
        case 'stream.publish-ended':
          return `The publish was ended: ${event.description}`;
        case 'stream.failover':
          return `Now from the ${event.onAir} encoder`;
        case 'stream.quality-changed':
          return `${event.direction === 'down' ? 'Quality reduced' : 'Quality raised'} to ${event.renditions
            .map(({ name, frameRate }) => `${name} at ${Math.round(frameRate)} fps`)
            .join(', ')}`;
        case 'encoder.restarted':
          return `The encoder was restarted: ${EN_RESTARTS[event.reason] ?? event.reason}`;
      }
    },
  },
  people: {
    heading: 'People',
    invite: 'Invite somebody',
    name: 'Name',
    nameHint: 'The same name is the same person, also on a second device.',
    role: 'Role',
    roles: {
      owner: 'May do everything, also invite people',
      producer: 'Creates, changes and ends all streams',
      broadcaster: 'Creates and runs own streams, sees no others',
      moderator: 'Watches over all streams: ends them and takes them down',
    },
    button: 'Make a link',
    linkHeading: 'Send this link',
    linkLead: (name: string, when: string) => `It signs ${name} in once, until ${when}. It is not shown again.`,
    sessions: 'Signed in',
    invites: 'Open invitations',
    since: (when: string) => `signed in ${when}`,
    until: (when: string) => `valid until ${when}`,
    you: 'this device',
    revoke: 'Sign out',
    revokeOf: (name: string) => `Sign ${name} out`,
    revokeInvite: 'Withdraw',
    revokeInviteOf: (name: string) => `Withdraw the invitation of ${name}`,
    noInvites: 'None.',
  },
};

export type StudioText = typeof studio;

const EN_END_REASONS: Readonly<Record<string, string>> = {
  stopped: 'somebody pressed “End stream”',
  'key-rotated': 'the key was replaced',
  deleted: 'the stream was deleted',
  purged: 'the stream was taken down',
  'publisher-stopped': 'the broadcaster stopped',
  'publisher-lost': 'the broadcaster’s connection was lost',
  'source-unsupported': 'the source can’t be decoded',
  'no-keyframe': 'no keyframe came',
  'encoder-failed': 'the encoder failed',
  shutdown: 'the platform was shut down',
};

const EN_ACTIONS: Readonly<Record<string, string>> = {
  'POST /api/streams': 'Created',
  'PATCH /api/streams/{id}': 'Settings changed',
  'DELETE /api/streams/{id}': 'Deleted',
  'POST /api/streams/{id}/key': 'Stream key replaced',
  'POST /api/streams/{id}/backup-key': 'Backup key made',
  'DELETE /api/streams/{id}/backup-key': 'Backup key removed',
  'POST /api/streams/{id}/golive': '“Go live” pressed',
  'POST /api/streams/{id}/stop': '“End stream” pressed',
  'POST /api/streams/{id}/purge': 'Taken down',
  'PUT /api/streams/{id}/slate-image': 'Slate picture changed',
  'DELETE /api/streams/{id}/slate-image': 'Slate picture removed',
};

const EN_RESTARTS: Readonly<Record<string, string>> = {
  died: 'it had stopped',
  stalled: 'it made nothing any more',
  overloaded: 'it did not keep up',
  'source-changed': 'the source has changed',
};

const refusedMore = ({ count }: RefusedAttempt): string =>
  count === undefined || count === 1 ? '' : ` (${count} times)`;
