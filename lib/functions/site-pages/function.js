// CloudFront Function, viewer request, cloudfront-js-2.0: which file a page is. Every watch and embed page is one file. Which one is
// meant is in the query, so that the control API can put the stream's title in it. The bucket, which answers if the API does not, ignores
// that. The studio is one file, too: what it shows is in the fragment, which no server sees.
const PAGE = /^\/(watch|embed)\/([pt]?[a-z2-7]{16})\/?$/;

function handler(event) {
  const { request } = event;
  if (request.uri === '/studio') {
    return { statusCode: 301, statusDescription: 'Moved Permanently', headers: { location: { value: '/studio/' } } };
  }
  const page = PAGE.exec(request.uri);
  request.querystring = page === null ? {} : { kind: { value: page[1] }, id: { value: page[2] } };
  request.uri = request.uri.startsWith('/studio') ? '/studio.html' : '/watch.html';
  return request;
}
