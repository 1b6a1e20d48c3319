import type { RefusedAttempt, StudioEvent } from '../studio/stream-events.ts';
import type { StudioText } from './en.ts';

/** The studio's words in German. */
export const studio: StudioText = {
  locale: 'de',
  title: 'Studio',
  loading: 'Wird geladen',
  retry: 'Nochmal versuchen',
  open: 'Öffnen',
  close: 'Schließen',
  cancel: 'Abbrechen',
  save: 'Speichern',
  copied: 'Kopiert',
  notCopied: 'Der Browser hat das Kopieren nicht erlaubt',
  copyOf: (what) => `Kopieren: ${what}`,
  unreachable: 'Der Server ist nicht erreichbar. Die Seite versucht es von selbst weiter.',
  failed: 'Das hat nicht geklappt.',
  tooMany: 'Das waren zu viele Anfragen. Bitte einen Moment warten.',
  skip: 'Zum Inhalt',
  nav: { label: 'Studio', streams: 'Streams', people: 'Personen', signOut: 'Abmelden' },
  roles: { owner: 'Eigentümer', producer: 'Produzent', broadcaster: 'Sender', moderator: 'Moderator' },
  tokenRole: 'Admin-Token',
  signIn: {
    heading: 'Im Studio anmelden',
    lead: 'Öffne den Link, den du bekommen hast. Er meldet dich auf diesem Gerät an.',
    tokenLabel: 'Oder mit einem Admin-Token anmelden',
    tokenHint: '32 Buchstaben und Ziffern. Es wird gegen eine Sitzung getauscht und nicht aufbewahrt.',
    button: 'Anmelden',
    busy: 'Anmeldung läuft',
    usedInvite: 'Dieser Link wurde schon benutzt oder ist abgelaufen. Bitte um einen neuen.',
    refused: 'Dein Konto hat in diesem Studio keine Rolle. Frage den Eigentümer.',
    provider: (name) => `Anmelden mit ${name}`,
    badToken: 'Dieses Token ist nicht gültig.',
    signedOut: 'Deine Sitzung ist zu Ende. Bitte melde dich neu an.',
    noCookie:
      'Dieser Browser behält das Cookie der Sitzung nicht über unverschlüsseltes HTTP. Nimm hier Chrome oder Firefox, oder eine Adresse mit HTTPS.',
  },
  list: {
    heading: 'Streams',
    create: 'Neuer Stream',
    search: 'Streams suchen',
    all: 'Alle',
    live: 'Live',
    offline: 'Offline',
    filterLabel: 'Zeigen',
    none: 'Noch keine Streams',
    noneLead:
      'Ein Stream hat eine Adresse für OBS, einen Schlüssel und eine Seite zum Zuschauen. Das dauert eine Minute.',
    noneOwn: 'Dir hat noch niemand einen Stream gegeben.',
    noMatch: 'Kein Stream passt.',
    count: (shown, live) => `${shown === 1 ? '1 Stream' : `${shown} Streams`}, ${live} live`,
    uptime: 'Auf Sendung seit',
    by: (name) => `von ${name}`,
    healthGood: 'Alles gut',
    warnings: (count) => (count === 1 ? '1 Warnung' : `${count} Warnungen`),
  },
  state: {
    live: 'Live',
    preview: 'Vorschau',
    away: 'Wartet auf den Sender',
    idle: 'Offline',
    ready: 'Geht gleich live',
  },
  form: {
    create: 'Neuer Stream',
    edit: 'Stream bearbeiten',
    createButton: 'Stream anlegen',
    title: 'Titel',
    titleHint: 'Zuschauer sehen ihn. Er kann sich während der Sendung ändern.',
    description: 'Beschreibung',
    category: 'Kategorie',
    ladder: 'Qualität',
    ladders: {
      '360p': '360p: für Folien und langsame Leitungen',
      '480p': '480p und darunter',
      '720p': '720p und darunter: richtig für die meisten',
      '1080p': '1080p und darunter: scharf, braucht 6 Mbit/s Upload',
      '1440p': '1440p und darunter: braucht 9 Mbit/s Upload',
      '2160p': '4K und darunter: braucht 16 Mbit/s Upload',
    },
    latency: 'Verzögerung',
    latencies: {
      ultra: { name: 'Etwa 1 Sekunde', detail: 'Zum Gespräch mit Zuschauern. Braucht gute Leitungen.' },
      low: { name: 'Etwa 2 Sekunden', detail: 'Richtig für die meisten.' },
      standard: { name: 'Etwa 8 Sekunden', detail: 'Ruhigstes Bild bei schlechten Leitungen.' },
    },
    playback: 'Wer darf zuschauen',
    playbacks: {
      public: { name: 'Alle mit der Adresse', detail: 'Die Seite kann weitergegeben werden.' },
      token: { name: 'Nur mit Zuschauerlink', detail: 'Du machst Links, die ablaufen.' },
    },
    start: 'Sendebeginn',
    starts: {
      auto: { name: 'Sobald OBS sendet', detail: 'Einfach: Streaming starten, und Zuschauer sehen es.' },
      word: { name: 'Auf „Live gehen“', detail: 'Du prüfst Bild und Ton zuerst hier.' },
    },
    appliesNext: 'Qualität und Verzögerung ändern sich mit der nächsten Sendung.',
  },
  stream: {
    back: 'Alle Streams',
    missing: 'Diesen Stream gibt es nicht',
    missingLead: 'Vielleicht wurde er gelöscht, oder er gehört jemand anderem.',
    goLive: 'Live gehen',
    goLiveHint: 'Zuschauer sehen das noch nicht.',
    waitsForPublisher: 'Geht live, sobald OBS sendet.',
    end: 'Stream beenden',
    endTitle: 'Den Stream für Zuschauer beenden?',
    endLead: 'Seine Seite sagt, dass er zu Ende ist. Der Schlüssel gilt weiter für das nächste Mal.',
    endWord: 'OBS darf weitersenden: dann sieht es nur diese Seite.',
    edit: 'Bearbeiten',
    more: 'Mehr',
    purge: 'Überall entfernen',
    purgeTitle: 'Den Stream überall entfernen?',
    purgeLead:
      'Die Sendung endet, ihre Dateien verschwinden aus allen Caches, und der Stream bekommt eine neue Adresse. Alte Links und Einbettungen gehen nicht mehr.',
    remove: 'Löschen',
    removeTitle: 'Diesen Stream löschen?',
    removeLead: 'Sein Schlüssel und seine Adresse gehen nicht mehr. Das lässt sich nicht zurücknehmen.',
    preview: 'Vorschau',
    previewIdle: 'Noch sendet niemand',
    previewIdleLead: 'Starte das Streaming in OBS. Das Bild erscheint hier.',
    delay: (seconds) => `${seconds} s Verzögerung`,
    delayTitle: 'Von der Kamera bis zu diesem Bild',
    uptime: 'Auf Sendung seit',
  },
  connect: {
    heading: 'OBS verbinden',
    lead: 'In OBS: Einstellungen → Stream → Dienst „Benutzerdefiniert …“.',
    server: 'Server',
    secureServer: 'Server, verschlüsselt',
    key: 'Streamschlüssel',
    keyHidden: 'Wurde nur einmal gezeigt, als er entstand',
    keyOnce: 'Kopiere ihn jetzt: er wird nicht noch einmal gezeigt. Wer ihn hat, kann senden.',
    show: 'Zeigen',
    hide: 'Verbergen',
    rotate: 'Neuer Schlüssel',
    rotateTitle: 'Den Streamschlüssel ersetzen?',
    rotateLead: 'Der alte Schlüssel geht sofort nicht mehr, und wer mit ihm sendet, wird getrennt.',
    other: 'Andere Wege',
    service: 'Dienstdatei für OBS',
    serviceHint: 'Als service.json im Ordner eines OBS-Profils speichern.',
    multitrack: 'OBS-Multitrack-Video',
    multitrackHint: 'OBS 31 und neuer: Einstellungen → Stream → Multitrack-Video → Config Override.',
    ffmpeg: 'FFmpeg',
    phone: 'Handy',
    phoneHint: 'Mit Larix Broadcaster scannen: das richtet die Verbindung ein.',
    phoneAlt: 'QR-Code mit den Einstellungen für Larix Broadcaster',
    needsKey: 'Mache einen neuen Schlüssel, um diese auszufüllen.',
  },
  share: {
    heading: 'Teilen',
    watch: 'Seite zum Zuschauen',
    playlist: 'HLS-Playlist',
    embed: 'Code zum Einbetten',
    viewerLink: 'Zuschauerlink machen',
    viewerLinkHint: 'Wer ihn hat, kann zuschauen, bis er abläuft.',
    lifetime: 'Gültig für',
    lifetimes: { 3600: '1 Stunde', 21600: '6 Stunden', 86400: '1 Tag' },
    expires: (when) => `Gültig bis ${when}`,
    qr: 'QR-Code der Seite',
  },
  health: {
    heading: 'Zustand',
    last: 'Die letzten zehn Minuten',
    none: 'Erscheint, während jemand sendet.',
    good: 'Alles sieht gut aus.',
    inputKbps: 'Eingehende Bitrate',
    frameRate: 'Bildrate',
    keyframeIntervalSeconds: 'Keyframe-Abstand',
    encoderSpeed: 'Tempo des Encoders',
    audioLevelDb: 'Tonpegel',
    droppedFrames: 'Verlorene Bilder je Minute',
    noSound: 'kein Ton',
    unknown: 'noch nicht bekannt',
    summary: (lowest, highest) => `niedrigster Wert ${lowest}, höchster ${highest} in den letzten zehn Minuten`,
    source: 'Quelle',
    backup: (name) => `Ersatz-Encoder: ${name}`,
  },
  timeline: {
    heading: 'Was geschah',
    none: 'Noch nichts.',
    more: 'Früher',
    says: (event: StudioEvent): string => {
      switch (event.type) {
        case 'stream.live':
          return 'Zuschauer können zuschauen';
        case 'stream.ended':
          return `Zu Ende: ${DE_END_REASONS[event.reason] ?? event.reason}`;
        case 'stream.preview-started':
          return 'Die Vorschau begann';
        case 'stream.preview-ended':
          return 'Die Vorschau endete';
        case 'stream.changed':
          return `${DE_ACTIONS[event.action] ?? event.action} (${event.by})`;
        case 'stream.refused':
          return `Abgewiesen: ${event.description}${refusedMore(event)}`;
        case 'stream.contested':
          return `Ein zweiter Encoder (${event.refusedAddress}) benutzt denselben Schlüssel und wurde abgewiesen`;
        case 'stream.publish-ended':
          return `Die Einspeisung wurde beendet: ${event.description}`;
        case 'stream.failover':
          return event.onAir === 'primary' ? 'Jetzt vom Haupt-Encoder' : 'Jetzt vom Ersatz-Encoder';
        case 'stream.quality-changed':
          return `${event.direction === 'down' ? 'Qualität gesenkt' : 'Qualität erhöht'} auf ${event.renditions
            .map(({ name, frameRate }) => `${name} mit ${Math.round(frameRate)} Bildern/s`)
            .join(', ')}`;
        case 'encoder.restarted':
          return `Der Encoder wurde neu gestartet: ${DE_RESTARTS[event.reason] ?? event.reason}`;
      }
    },
  },
  people: {
    heading: 'Personen',
    invite: 'Jemanden einladen',
    name: 'Name',
    nameHint: 'Derselbe Name ist dieselbe Person, auch auf einem zweiten Gerät.',
    role: 'Rolle',
    roles: {
      owner: 'Darf alles, auch einladen',
      producer: 'Legt alle Streams an, ändert und beendet sie',
      broadcaster: 'Legt eigene Streams an und betreibt sie, sieht keine anderen',
      moderator: 'Wacht über alle Streams: beendet und entfernt sie',
    },
    button: 'Link machen',
    linkHeading: 'Schicke diesen Link',
    linkLead: (name, when) => `Er meldet ${name} einmal an, bis ${when}. Er wird nicht noch einmal gezeigt.`,
    sessions: 'Angemeldet',
    invites: 'Offene Einladungen',
    since: (when) => `angemeldet ${when}`,
    until: (when) => `gültig bis ${when}`,
    you: 'dieses Gerät',
    revoke: 'Abmelden',
    revokeOf: (name) => `${name} abmelden`,
    revokeInvite: 'Zurückziehen',
    revokeInviteOf: (name) => `Die Einladung von ${name} zurückziehen`,
    noInvites: 'Keine.',
  },
};

const DE_END_REASONS: Readonly<Record<string, string>> = {
  stopped: 'jemand hat „Stream beenden“ gedrückt',
  'key-rotated': 'der Schlüssel wurde ersetzt',
  deleted: 'der Stream wurde gelöscht',
  purged: 'der Stream wurde entfernt',
  'publisher-stopped': 'der Sender hat aufgehört',
  'publisher-lost': 'die Verbindung zum Sender ging verloren',
  'source-unsupported': 'die Quelle ist nicht lesbar',
  'no-keyframe': 'es kam kein Keyframe',
  'encoder-failed': 'der Encoder ist ausgefallen',
  shutdown: 'die Plattform wurde abgeschaltet',
};

const DE_ACTIONS: Readonly<Record<string, string>> = {
  'POST /api/streams': 'Angelegt',
  'PATCH /api/streams/{id}': 'Einstellungen geändert',
  'DELETE /api/streams/{id}': 'Gelöscht',
  'POST /api/streams/{id}/key': 'Streamschlüssel ersetzt',
  'POST /api/streams/{id}/backup-key': 'Ersatzschlüssel gemacht',
  'DELETE /api/streams/{id}/backup-key': 'Ersatzschlüssel entfernt',
  'POST /api/streams/{id}/golive': '„Live gehen“ gedrückt',
  'POST /api/streams/{id}/stop': '„Stream beenden“ gedrückt',
  'POST /api/streams/{id}/purge': 'Überall entfernt',
  'PUT /api/streams/{id}/slate-image': 'Pausenbild geändert',
  'DELETE /api/streams/{id}/slate-image': 'Pausenbild entfernt',
};

const DE_RESTARTS: Readonly<Record<string, string>> = {
  died: 'er war stehengeblieben',
  stalled: 'er machte nichts mehr',
  overloaded: 'er kam nicht nach',
  'source-changed': 'die Quelle hat sich geändert',
};

const refusedMore = ({ count }: RefusedAttempt): string =>
  count === undefined || count === 1 ? '' : ` (${count} Mal)`;
