// uWebSockets: GET /hello, an echo at /, and /all, where everybody hears everybody.

#include "App.h"

#include <cstdlib>
#include <iostream>

struct Nothing {};

// What all peers have: 64 MiB for a message, no deadline, and no limit for those who read slowly.
static uWS::App::WebSocketBehavior<Nothing> unlimited() {
    uWS::App::WebSocketBehavior<Nothing> behavior;
    behavior.compression = uWS::DISABLED;
    behavior.maxPayloadLength = 64 * 1024 * 1024;
    behavior.maxBackpressure = 0;
    behavior.idleTimeout = 0;
    behavior.sendPingsAutomatically = false;
    return behavior;
}

int main() {
    uWS::App app;

    app.get("/hello", [](auto *response, auto *) {
        response->writeHeader("Content-Type", "text/plain; charset=utf-8")->end("Hello, World!");
    });

    auto echo = unlimited();
    echo.message = [](auto *socket, std::string_view message, uWS::OpCode opcode) { socket->send(message, opcode); };
    app.ws<Nothing>("/", std::move(echo));

    auto all = unlimited();
    all.open = [](auto *socket) { socket->subscribe("all"); };
    all.message = [&app](auto *, std::string_view message, uWS::OpCode opcode) { app.publish("all", message, opcode); };
    app.ws<Nothing>("/all", std::move(all));

    const char *port = std::getenv("PORT");
    app.listen("127.0.0.1", port ? std::atoi(port) : 0, [](us_listen_socket_t *listener) {
        if (!listener) {
            std::cerr << "cannot listen on $PORT" << std::endl;
            std::exit(1);
        }
        int port = us_socket_local_port(0, reinterpret_cast<us_socket_t *>(listener));
        std::cout << "listening on http://127.0.0.1:" << port << std::endl;
    });
    app.run();
}
