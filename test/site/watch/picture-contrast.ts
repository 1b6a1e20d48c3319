import type { Page } from 'playwright-core';

/**
 * Returns the contrast of white text (WCAG 2.2) with the lightest spot in the middle of an element, where its text is. The
 * text itself must be transparent.
 */
export async function contrastOfWhite(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not visible`);
  const clip = { x: box.x + 4, y: box.y + box.height / 2 - 6, width: 40, height: 12 };
  const picture = (await page.screenshot({ clip })).toString('base64');
  // Browsers decode PNG, Node.js does not.
  const lightest = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = context?.getImageData(0, 0, image.width, image.height).data ?? [255];
    return Math.max(...Array.from(pixels).filter((_value, index) => index % 4 !== 3));
  }, picture);
  const channel = lightest / 255;
  const luminance = channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  return 1.05 / (luminance + 0.05);
}
