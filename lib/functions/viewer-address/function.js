// CloudFront Function, viewer request, cloudfront-js-2.0: tells the control API the viewer's address, whatever the viewer sent.
function handler(event) {
  const { request, viewer } = event;
  request.headers['x-headend-viewer-address'] = { value: viewer.ip };
  return request;
}
