# One image for every service of compose.yaml; the command says which one it is.
FROM python:3.11-slim

WORKDIR /opt/cauce
RUN useradd --system --create-home --home-dir /var/lib/cauce cauce
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY schemas schemas
COPY eventstore eventstore
COPY channels channels
COPY projections projections
COPY services services
COPY docs/examples docs/examples
RUN pip install --no-cache-dir --no-deps --no-build-isolation --config-settings editable_mode=compat -e .

USER cauce
# a container's loopback is nobody's: publish the ports you want, `docker run -p 127.0.0.1:8000:8000 …`
ENV CAUCE_DATA=/var/lib/cauce CAUCE_HTTP=0.0.0.0:8000 CAUCE_SMTP=0.0.0.0:2525 CAUCE_PUBLIC_URL=http://127.0.0.1:8000
EXPOSE 8000 2525
VOLUME /var/lib/cauce
ENTRYPOINT ["cauce"]
CMD ["up"]
