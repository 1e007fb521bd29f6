'use strict';

// The page lies at /docs, so that relative addresses keep a proxy's prefix.
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
