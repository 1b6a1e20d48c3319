import { find } from './find.ts';
import { actionOf, type KeyAction } from './keyboard.ts';
import { KeysDialog } from './keys-dialog.ts';
import type { PageView } from './page-view.ts';

const VOLUME_STEP = 0.1;
const BACK_SECONDS = 10;

/** What viewers can do by key, tap and double-click, beside the controls themselves. */
export interface ControlTargets {
  readonly video: HTMLVideoElement;
  readonly view: PageView;
  readonly jumpToLive: () => void;
  /** Playback stays where the viewer has put it. */
  readonly stayBehind: () => void;
}

/** Changes the volume, and switches the sound on. */
export function setVolume(video: HTMLVideoElement, volume: number): void {
  // Ten steps down from 1 must end at 0, and not at what binary fractions leave.
  video.volume = Math.min(1, Math.max(0, Number(volume.toFixed(3))));
  video.muted = video.volume === 0;
}

/** Clicks a control, as soon as there is one. */
function click(name: string): void {
  void customElements.whenDefined(name).then(() => find(`media-control-bar > ${name}`, HTMLElement).click());
}

/** Makes keys work anywhere on the page, the buttons for sound and live, and a double-click for full screen. */
export function bindControls({ video, view, jumpToLive, stayBehind }: ControlTargets): void {
  const keys = new KeysDialog();
  const togglePlay = (): void => {
    view.controller.dispatchEvent(new CustomEvent(video.paused ? 'mediaplayrequest' : 'mediapauserequest'));
  };
  const act: Readonly<Record<KeyAction, () => void>> = {
    // Not by the button: it hears later than this whether the video is paused.
    'toggle-play': () => void customElements.whenDefined('media-controller').then(togglePlay),
    'toggle-mute': () => (video.muted ? setVolume(video, video.volume || 1) : Object.assign(video, { muted: true })),
    'volume-up': () => setVolume(video, (video.muted ? 0 : video.volume) + VOLUME_STEP),
    'volume-down': () => setVolume(video, (video.muted ? 0 : video.volume) - VOLUME_STEP),
    back: () => {
      const { buffered, currentTime } = video;
      if (buffered.length === 0) return;
      stayBehind();
      video.currentTime = Math.max(buffered.start(0), currentTime - BACK_SECONDS);
    },
    'go-live': jumpToLive,
    'toggle-full-screen': () => click('media-fullscreen-button'),
    'show-keys': () => keys.show(),
  };
  document.addEventListener('keydown', (event) => {
    const [focused] = event.composedPath();
    const action = keys.isOpen ? null : actionOf(event, focused instanceof Element ? focused : null);
    if (action === null) return;
    event.preventDefault();
    // A held key repeats. That is meant for the volume only.
    if (event.repeat && !action.startsWith('volume')) return;
    act[action]();
    view.showControls();
  });
  view.controller.addEventListener('dblclick', ({ target }) => {
    // The first click may have brought the large button, on which the second one falls.
    const isPicture =
      target === video || target === view.controller || (target as Element).closest('.big-play') !== null;
    if (isPicture) click('media-fullscreen-button');
  });
  view.onSound(() => setVolume(video, video.volume || 1));
  view.onJumpToLive(jumpToLive);
}
