// A client that sends exactly what a test says; for tests of the server.
//
// Threads: one.  Reads wait for as long as ctest lets them.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>

namespace rollcall::serving::http::testing {

class Client {
 public:
  // bound: of the server, "127.0.0.1:PORT".
  explicit Client(const std::string& bound) {
    const auto colon = bound.rfind(':');
    socket_.connect({boost::asio::ip::make_address(bound.substr(0, colon)),
                     static_cast<std::uint16_t>(std::stoi(bound.substr(colon + 1)))});
  }

  void Send(const std::string& octets) {
    boost::system::error_code error;  // the server may have closed already
    boost::asio::write(socket_, boost::asio::buffer(octets), error);
  }
  // Sends no more; still reads.
  void EndSending() {
    boost::system::error_code error;
    socket_.shutdown(boost::asio::socket_base::shutdown_send, error);
  }
  void Close() { socket_.close(); }
  // All that comes until the server closes.
  std::string Rest() {
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(read_), error);
    return std::exchange(read_, "");
  }
  // What comes up to and with this text; all, if the server closes before.
  std::string Until(const std::string& text) {
    boost::system::error_code error;
    const auto size =
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(read_), text, error);
    if (error) return std::exchange(read_, "");
    std::string found = read_.substr(0, size);
    read_.erase(0, size);
    return found;
  }
  // So many.
  std::string Octets(std::size_t size) {
    boost::system::error_code error;
    if (read_.size() < size) {
      boost::asio::read(socket_, boost::asio::dynamic_buffer(read_),
                        boost::asio::transfer_exactly(size - read_.size()), error);
    }
    std::string octets = read_.substr(0, size);
    read_.erase(0, octets.size());
    return octets;
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  std::string read_;
};

}  // namespace rollcall::serving::http::testing
