// CloudFront Function, viewer request, cloudfront-js-2.0: every watch and embed page is the one page of the player. Which one is meant
// is in the query, so that the control API can put the stream's title in it. The bucket, which answers if the API does not, ignores that.
const PAGE = /^\/(watch|embed)\/([pt]?[a-z2-7]{16})\/?$/;

function handler(event) {
  const { request } = event;
  const page = PAGE.exec(request.uri);
  request.uri = '/watch.html';
  request.querystring = page === null ? {} : { kind: { value: page[1] }, id: { value: page[2] } };
  return request;
}
