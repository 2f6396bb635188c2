# docker build -t ldirectord .
#
# IPVS is the host's: its table belongs to a network namespace, and changing it takes CAP_NET_ADMIN (and CAP_NET_RAW for
# checktype=ping).  Docker gives capabilities to root only, hence --user 0, without any other of root's powers:
#
#   docker run --network host --user 0 --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW \
#          --volume /etc/ha.d:/etc/ha.d:ro ldirectord
#
# The host loads the module (modprobe ip_vs).  supervised=yes in ldirectord.cf sends the log to `docker logs`.
# Without privileges, to look at a configuration or to try one out:
#
#   docker run --volume /etc/ha.d:/etc/ha.d:ro ldirectord configtest
#   docker run --volume /etc/ha.d:/etc/ha.d:ro ldirectord --table memory start
# What is installed is locked in requirements/.  For service=mysql, pgsql, oracle and grpc:
#   docker build --build-arg REQUIREMENTS=extras -t ldirectord .
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY ldirectord_py ldirectord_py
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim
ARG REQUIREMENTS=run
COPY requirements/${REQUIREMENTS}.txt /tmp/requirements.txt
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes --requirement /tmp/requirements.txt \
 && pip install --no-cache-dir --root-user-action=ignore --no-deps /tmp/wheels/*.whl \
 && rm -r /tmp/requirements.txt /tmp/wheels
# for any user, since root without CAP_DAC_OVERRIDE is one like others
RUN install --directory --mode 1777 /run/ldirectord && useradd --system --no-create-home ldirectord

ENV LDIRECTORD_RUN_DIR=/run/ldirectord
USER ldirectord
STOPSIGNAL SIGTERM
ENTRYPOINT ["ldirectord", "--foreground"]
CMD ["start"]
