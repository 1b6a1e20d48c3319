// CloudFront Function, viewer request, cloudfront-js-2.0: every watch and embed page is the one page of the player.
function handler(event) {
  const { request } = event;
  request.uri = '/index.html';
  return request;
}
